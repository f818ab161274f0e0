import unittest

from parcel import Parcel, TooHeavy, UnknownCountry, make_quote


class QuoteTest(unittest.TestCase):
    def test_a_small_parcel_at_home(self):
        quote = make_quote(Parcel(30, 20, 10, weight=2.5), "DE")
        self.assertEqual((quote.zone, quote.weight, quote.postage, quote.total), (1, 2.5, 7.9, 7.9))

    def test_a_band_includes_its_highest_weight(self):
        self.assertEqual(make_quote(Parcel(20, 20, 10, weight=2.0), "FR").postage, 11.9)

    def test_a_bulky_parcel_costs_a_fifth_more(self):
        self.assertEqual(make_quote(Parcel(130, 20, 10, weight=12), "AT").postage, 20.28)

    def test_twenty_kilograms_are_the_most(self):
        with self.assertRaisesRegex(TooHeavy, "at most 20 kg, not 20.1 kg"):
            make_quote(Parcel(40, 40, 40, weight=20.1), "DE")

    def test_a_country_without_a_zone(self):
        with self.assertRaises(UnknownCountry):
            make_quote(Parcel(30, 20, 10, weight=1), "ZZ")


if __name__ == "__main__":
    unittest.main()
