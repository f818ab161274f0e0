import unittest

from parcel.sizes import Parcel, fits, parse_size


class ParcelTest(unittest.TestCase):
    def test_volume(self):
        self.assertEqual(Parcel(30, 20, 10, weight=1).volume, 6000)

    def test_girth_does_not_depend_on_how_it_lies(self):
        self.assertEqual(Parcel(10, 20, 30, weight=1).girth, 90)
        self.assertEqual(Parcel(30, 10, 20, weight=1).girth, 90)

    def test_a_dense_parcel_is_billed_by_its_weight(self):
        self.assertEqual(Parcel(30, 20, 10, weight=7).billable_weight, 7)

    def test_sides_are_above_zero(self):
        with self.assertRaises(ValueError):
            Parcel(30, 0, 10, weight=1)

    def test_what_the_belts_take(self):
        self.assertTrue(fits(Parcel(120, 40, 40, weight=5)))
        self.assertFalse(fits(Parcel(121, 10, 10, weight=5)))
        self.assertFalse(fits(Parcel(100, 60, 50, weight=5)))


class ParseSizeTest(unittest.TestCase):
    def test_three_sides(self):
        self.assertEqual(parse_size("30x20.5x10"), (30.0, 20.5, 10.0))

    def test_two_sides_are_refused(self):
        with self.assertRaisesRegex(ValueError, "three sides"):
            parse_size("30x20")


if __name__ == "__main__":
    unittest.main()
