import io
import unittest
from contextlib import redirect_stderr, redirect_stdout

from parcel.__main__ import main
from parcel.money import show, to_cents
from parcel.sizes import Parcel
from parcel.text import label_notes


class TextTest(unittest.TestCase):
    def test_money(self):
        self.assertEqual(show(1204.5), "1,204.50 EUR")
        self.assertEqual(to_cents(7.899999), 7.9)

    def test_label_notes_come_bulky_first(self):
        notes = label_notes(Parcel(130, 20, 10, weight=18))
        self.assertEqual(
            notes, ["TODO: carry by hand, the belts do not take it", "TODO: lift with two people"]
        )
        self.assertEqual(label_notes(Parcel(30, 20, 10, weight=2)), [])


class CommandTest(unittest.TestCase):
    def run_main(self, *argv):
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(list(argv))
        return code, out.getvalue(), err.getvalue()

    def test_receipt(self):
        code, out, err = self.run_main("30x20x10", "2.5", "DE")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(
            out.splitlines(),
            [
                "Zone                1",
                "Weight        2.50 kg",
                "Postage      7.90 EUR",
                "Total        7.90 EUR",
            ],
        )

    def test_a_country_that_is_not_served(self):
        self.assertEqual(self.run_main("30x20x10", "2.5", "ZZ"), (2, "", "parcel: no delivery to ZZ\n"))


if __name__ == "__main__":
    unittest.main()
