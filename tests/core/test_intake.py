"""What somebody brings of a region: what is taken, and the one sentence in which everything else is refused."""

import pytest
from region_files import CITIES, HEAD, put, rows

from jingjinji.core import descriptor, intake
from jingjinji.core.errors import DataError


def refused(path, read=intake.read_months, *more) -> str:
    with pytest.raises(DataError) as caught:
        read(path, *more)
    said = str(caught.value)
    assert "\n" not in said
    assert path.name in said
    return said


def test_months_of_a_plain_file(tmp_path):
    made = intake.read_months(put(tmp_path, rows()))
    assert made.cities == CITIES
    assert (len(made.months), made.months[0], made.months[-1]) == (36, "2015-01", "2017-12")
    assert len(made.cells) == 72
    assert made.cells["Ash", "2015-01"] == 72
    assert made.whole_years() == (2015, 2016, 2017)
    assert made.ignored == ()


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_semicolons_decimal_commas_and_a_mark_of_the_encoding_are_taken(tmp_path, mark):
    lines = [line.replace(",", ";").replace(".", ",") for line in [HEAD, *rows()]]
    path = tmp_path / "my.csv"
    path.write_text(mark + "\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")
    plain = intake.read_months(put(tmp_path, rows(), "plain.csv"))
    assert intake.read_months(path).cells == plain.cells


def test_columns_in_any_order_and_others_beside_them(tmp_path):
    lines = [f"{b},x,{c},{a}" for a, b, c in (line.split(",") for line in rows())]
    made = intake.read_months(put(tmp_path, lines, head="Month,station,PM25,City"))
    assert made.ignored == ("station",)
    assert made.cells == intake.read_months(put(tmp_path, rows())).cells


def test_a_column_without_a_name_is_told_where_something_stands_in_it(tmp_path):
    lines = [f"{line},x,y," for line in rows()]
    assert intake.read_months(put(tmp_path, lines, head="city,month,pm25,note,,")).ignored == ("note", "number 5")


def test_an_empty_cell_is_a_missing_month_as_a_missing_row_is(tmp_path):
    lines = rows()
    lines[5], cut = lines[5].rpartition(",")[0] + ",", lines.pop(9)
    made = intake.read_months(put(tmp_path, lines))
    assert len(made.cells) == 70
    assert tuple(cut.split(",")[:2]) not in made.cells
    assert intake.missing_words(made) == "2 of 72 are missing"


def test_a_month_that_is_nowhere_is_named(tmp_path):
    made = intake.read_months(put(tmp_path, [line for line in rows() if "2016-12" not in line]))
    assert intake.missing_words(made) == "2 of 72 are missing, 2016-12 in every city"
    assert made.whole_years() == (2015, 2016, 2017)


def test_a_name_is_one_however_its_letters_are_composed(tmp_path):
    lines = [line.replace("Ash", "Éa" if k % 2 else "E\u0301a") for k, line in enumerate(rows())]
    made = intake.read_months(put(tmp_path, lines))
    assert made.cities == ("Éa", "Bell")
    official = put(tmp_path, ["E\u0301a,2016,50"], "official.csv", "area,year,pm25")
    assert intake.read_official(official, made, []).rows[0][0] == "Éa"
    about = put(tmp_path, "[cities]\n'E\u0301a' = {}\n", "region.toml")
    assert descriptor.fitted(descriptor.read(about), made, "region.toml").cities == made.cities


def test_whole_years_need_ten_months_in_half_of_the_cities(tmp_path):
    few = [line for line in rows() if not line.startswith("Ash,2016-0")]
    assert 2016 in intake.read_months(put(tmp_path, few)).whole_years()
    none = [line for line in rows() if line[4:11] not in ("2016-01", "2016-02", "2016-03") and line[5:12] not in (
        "2016-01", "2016-02", "2016-03")]  # fmt: skip
    assert intake.read_months(put(tmp_path, none)).whole_years() == (2015, 2017)


def test_years_may_begin_in_another_month(tmp_path):
    path = put(tmp_path, rows("2018-09", "2020-08"))
    said = refused(path)
    assert "with whole years 2019, expected at least two whole years" in said
    assert said.endswith("give --starts 9, as years that begin so are whole")
    made = intake.read_months(path, starts=9)
    assert made.whole_years(9) == (2018, 2019)
    assert intake.words_of((2018, 2019), 9) == "2018/19 to 2019/20"
    assert intake.year_words(1999, 7) == "1999/00"


def changed(row: int, text: str):
    """The lines with one of them, counted as a spreadsheet does, replaced."""

    def change() -> list[str]:
        lines = rows()
        lines[row - 2] = text
        return lines

    return change


CELLS = [
    (changed(3, "Ash,2015-02,-4"), r"row 3, column 'pm25': found -4, expected a number from 0.1 to 2000 µg/m³; leave"),
    (changed(3, "Ash,2015-02,0"), r"row 3, column 'pm25': found 0, expected a number"),
    (changed(3, "Ash,2015-02,9999"), r"row 3, column 'pm25': found 9999, .*; leave the cell empty where nothing was"),
    (changed(3, "Ash,2015-02,abc"), r"row 3, column 'pm25': found 'abc', expected a number"),
    (changed(3, "Ash,2015-02,NaN"), r"row 3, column 'pm25': found 'NaN'"),
    (changed(3, "Ash,2015-02,inf"), r"row 3, column 'pm25': found 'inf'"),
    (changed(3, "Ash,2015-02,1e3"), r"row 3, column 'pm25': found '1e3'"),
    (changed(3, "Ash,2015-02,=1+1"), r"row 3, column 'pm25': found '=1\+1'"),
    (changed(3, 'Ash,2015-02,"35,2"'), r"row 3, column 'pm25': found '35,2', .*; write it with a point"),
    (changed(3, "Ash,2099-02,40"), r"row 3, column 'month': found '2099-02', expected a month from 1990 to 2035"),
    (changed(3, "Ash,2015-13,40"), r"row 3, column 'month': found '2015-13', expected a month as YYYY-MM"),
    (changed(3, "Ash,2015-2,40"), r"row 3, column 'month': found '2015-2', .*; write 2015-02"),
    (changed(3, "Ash,2015-02-01,40"), r"row 3, column 'month': .*; write 2015-02, one row a month"),
    (changed(3, "Ash,201502,40"), r"row 3, column 'month': .*; write 2015-02$"),
    (changed(3, "Ash,99999,40"), r"row 3, column 'month': .*; correct the cell$"),
    (changed(3, "Ash,February,40"), r"row 3, column 'month': .*; correct the cell$"),
    (changed(3, "Ash,42036,40"), r"row 3, column 'month': .*; it is how a spreadsheet keeps a date: give the column"),
    (changed(3, "Ash,,40"), r"row 3, column 'month': found '', expected a month"),
    (changed(3, "Ash,2015-01,40"), r"row 3, column 'month': found '2015-01' of Ash again, .*; row 2 is the same"),
    (changed(3, ",2015-02,40"), r"row 3, column 'city': found an empty cell, expected a name"),
    (changed(3, "=cmd|x,2015-02,40"), r"row 3, column 'city': found '=cmd\|x', expected a plain name"),
    (changed(3, "<b>Ash</b>,2015-02,40"), r"row 3, column 'city': found '<b>Ash</b>', expected a plain name"),
    (changed(3, "{word}`x`,2015-02,40"), r"row 3, column 'city': found .* expected a plain name"),
    (changed(3, f"{'A' * 61},2015-02,40"), r"row 3, column 'city': found 61 characters, expected a name of at most 60"),
    (changed(3, "As\u202eh,2015-02,40"), r"row 3, column 'city': found the hidden character U\+202E"),
    (changed(3, "As\u200bh,2015-02,40"), r"row 3, column 'city': found the hidden character U\+200B"),
    (changed(3, "As\xadh,2015-02,40"), r"row 3, column 'city': found the hidden character U\+00AD"),
    (changed(3, "Ａsh,2015-02,40"), r"row 3, column 'city': found 'Ａsh', expected the name 'Ash' as in rows before"),
    (changed(3, "ash,2015-02,40"), r"row 3, column 'city': found 'ash', expected the name 'Ash' as in rows before"),
    (changed(3, "Ash,2015-02"), r"row 3: found 2 cells, expected 3 as in the header"),
    (changed(3, "Ash,2015-02,40,1"), r"row 3: found 4 cells, expected 3"),
]


@pytest.mark.parametrize(("change", "sentence"), CELLS, ids=[sentence[:60] for _, sentence in CELLS])
def test_a_cell_that_is_refused(tmp_path, change, sentence):
    import re

    assert re.search(f"my.csv, {sentence}", refused(put(tmp_path, change())))


@pytest.mark.parametrize(
    "text",
    [
        "2018/9/1", "1/9/2018", "2018-9-1", "9/1/18", "01.09.2018", "2018/9", "9/2018", "09.2018", "Sep-18", "Sep 2018",
        "September 2018", "1-Sep-18", "01 Sep 2018", "18-Sep", "2018年9月", "2018年9月1日", "2018/9/1 0:00",
        "2018-09-01 00:00:00", "43344",
    ],
)  # fmt: skip
def test_a_date_of_a_spreadsheet_is_mended_in_the_spreadsheet(tmp_path, text):
    said = refused(put(tmp_path, [f"Ash,{text},40"]))
    assert f"row 2, column 'month': found '{text}', expected a month as YYYY-MM; it " in said
    assert said.endswith("give the column the custom format yyyy-mm there, and save the file as csv again")


def test_spreadsheets_number_days_from_1900():
    from datetime import date

    days = [(day - date(1899, 12, 30)).days for day in (date(intake.YEARS[0], 1, 1), date(intake.YEARS[1], 12, 31))]
    assert tuple(days) == intake.SERIALS


FILES = [
    ("", "row 1: found an empty file"),
    ("\n\n;;\n", "row 1: found an empty file"),
    (f"{HEAD}\n", "row 2: found no row"),
    ("city,date,pm25\nAsh,2015-01,40\n", "row 1: column 'month' is missing, found columns city, date, pm25"),
    ("city,month,PM2.5\nAsh,2015-01,40\n", "row 1: column 'pm25' is missing, .*; rename 'PM2.5' to 'pm25'$"),
    (
        "Town,月份,PM2.5\nAsh,2015-01,40\n",
        "row 1: columns 'city' and 'month' and 'pm25' are missing, found columns Town, 月份, PM2.5, .*; "
        "rename 'Town' to 'city', rename '月份' to 'month', rename 'PM2.5' to 'pm25'$",
    ),
    ("城市,month,pm25\nAsh,2015-01,40\n", "column 'city' is missing, .*; rename '城市' to 'city'$"),
    ("x,month,pm25\nAsh,2015-01,40\n", "column 'city' is missing, .*; name the column of it 'city'$"),
    ("sep=;\ncity;month;pm25\nAsh;2015-01;40\n", "row 1: found 'sep=;', expected the header; remove the row$"),
    (
        "Air of 2015,,\n,,\ncity,month,pm25\nAsh,2015-01,40\n",
        "row 1: found 'Air of 2015' above the header in row 3; remove the rows above it$",
    ),
    (
        "Air\ncity;month;pm25\nAsh;2015-01;40\n",
        "row 1: found 'Air' above the header in row 2; remove the rows above it$",
    ),
    ("city,month,pm25,pm25\nAsh,2015-01,40,41\n", "row 1: found column 'pm25' twice"),
    ("city\tmonth\tpm25\nAsh\t2015-01\t40\n", "row 1: found cells separated by tabs"),
    (
        "city,2015-01,2015-02,2015-03\nAsh,1,2,3\n",
        "row 1: found a column for each of 2015-01, 2015-02",
    ),
    ("city,month,pm25\nAsh,2015-01,\nBell,2015-01,\n", "found no measurement in column 'pm25'"),
    ("city,month,pm25\nAsh,2015-01,4\x00\n", "row 2: found the hidden character U\\+0000"),
]


@pytest.mark.parametrize(("text", "sentence"), FILES, ids=[sentence[:50] for _, sentence in FILES])
def test_a_file_that_is_refused(tmp_path, text, sentence):
    import re

    assert re.search(sentence, refused(put(tmp_path, text)))


def test_files_that_are_no_csv_in_utf_8(tmp_path):
    path = tmp_path / "my.csv"
    path.write_bytes(b"PK\x03\x04rest")
    assert "found a workbook of a spreadsheet, expected csv" in refused(path)
    path.write_bytes("city,month,pm25\nKöln,2015-01,4\n".encode("latin-1"))
    assert "row 2: found byte 0xf6 that is not UTF-8" in refused(path)
    assert "is a folder" in refused(tmp_path)
    path.unlink()
    assert "is missing" in refused(path)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (rows(cities=("Ash",)), "found one city, Ash, expected at least two"),
        (
            rows("2015-01", "2015-01"),
            "found 1 months, 2015-01 to 2015-01, with whole years none, expected at least two",
        ),
        (rows("2015-01", "2016-06"), "with whole years 2015, expected at least two whole years .*; add months"),
        (rows(cities=tuple(f"City {k}" for k in range(81))), "found 81 cities, expected at most 80"),
        ([*rows(), "Cold,2015-01,40"], "found 1 measured months of Cold, expected at least 12 of each city"),
        ([*rows("2015-01", "2016-12"), *rows("2018-01", "2019-12")], "found no measurement in 12 months in a row"),
        ([line.rpartition(",")[0] + ",0.2" for line in rows()], "look like mg/m³ throughout, expected µg/m³"),
        (["Ash,2015-01,0.045"], "found 0.045, .*; multiply the column by 1000 if it is in mg/m³"),
        (
            [line if line[0] == "A" else line.rpartition(",")[0] + ",40" for line in rows()],
            "column 'pm25': found 40 in every month of Bell, expected months that differ",
        ),
        (
            [*rows(), *(line.replace("Bell", "Cold") for line in rows()[40:])],
            "found the same numbers for Bell and Cold in all 32 months that both have, expected those of each",
        ),
        (
            [*rows(), "All cities,2015-01,40"],
            "row 74, column 'city': found 'All cities', expected the name of one city",
        ),
    ],
)
def test_a_record_that_does_not_carry_the_model(tmp_path, lines, sentence):
    import re

    assert re.search(sentence, refused(put(tmp_path, lines)))


@pytest.fixture
def months(tmp_path) -> intake.Months:
    return intake.read_months(put(tmp_path, rows()))


def test_official_means_and_their_rounding(tmp_path, months):
    path = put(tmp_path, ["Ash,2015,55", "all,2016,50.4", "South,2016,49"], "official.csv", "area,year,pm25")
    assert intake.read_official(path, months, ["South"]).rows == (
        ("Ash", 2015, 55.0, 0.5), ("South", 2016, 49.0, 0.5), ("all", 2016, 50.4, 0.05),
    )  # fmt: skip
    path = put(tmp_path, ["Ash,2015,55,2"], "official.csv", "area,year,pm25,rounding")
    assert intake.read_official(path, months, []).rows == (("Ash", 2015, 55.0, 2.0),)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Bel,2015,50", "row 2, column 'area': found 'Bel', expected a city of the months .*; did you mean Bell?"),
        ("Ash,2018,50", "row 2, column 'year': found '2018', expected one of the whole years 2015 to 2017"),
        ("Ash,15,50", "row 2, column 'year': found '15'"),
        ("Ash,2015,-1", "row 2, column 'pm25': found -1"),
        ("Ash,2015,50\nAsh,2015,51", "row 3, column 'year': found '2015' of Ash again"),
    ],
)
def test_an_official_mean_that_is_refused(tmp_path, months, line, sentence):
    import re

    path = put(tmp_path, line.split("\n"), "official.csv", "area,year,pm25")
    assert re.search(sentence, refused(path, intake.read_official, months, []))


def weather_lines(change=lambda month, number: number) -> list[str]:
    return [
        f"{month},{change(month, 10 + int(month[5:]) + int(month[:4]) % 3)}"
        for month in intake.span("2014-11", "2018-02")
    ]


def test_weather_of_the_record_alone_is_taken(tmp_path, months):
    made = intake.read_weather(put(tmp_path, weather_lines(), "air.csv", "month,temperature"), months)
    assert list(made.values) == ["temperature"]
    assert sorted(made.values["temperature"]) == list(months.months)


@pytest.mark.parametrize(
    ("lines", "head", "sentence"),
    [
        (weather_lines(), "month,rain", "found no variable, expected some of temperature, pressure, wind, dew_point"),
        (weather_lines(lambda month, n: 400), "month,temperature", "found 400, expected a number from -60 to 50 degC"),
        (weather_lines(lambda month, n: 7), "month,temperature", "found one number in every month"),
        (
            weather_lines(lambda month, n: n if month < "2016-06" else ""),
            "month,temperature",
            "found 17 of the 36 months",
        ),
        (
            [f"{month},{0.1 * int(month[5:]):.1f}" for month in intake.span("2015-01", "2017-12")],
            "month,temperature",
            "column 'temperature': found the same twelve numbers in every year, which look like normals",
        ),
        ([*weather_lines(), "2016-01,3"], "month,temperature", "found '2016-01' again"),
    ],
)
def test_weather_that_is_refused(tmp_path, months, lines, head, sentence):
    path = put(tmp_path, lines, "air.csv", head)
    assert sentence in refused(path, intake.read_weather, months)


def test_names_in_ids(tmp_path):
    assert intake.slugs(["Xi'an", "Lüliang", "上海", "Saint  Louis", "saint-louis"]) == {
        "Xi'an": "xian", "Lüliang": "luliang", "上海": "place-3", "Saint  Louis": "saint-louis",
        "saint-louis": "place-5",
    }  # fmt: skip
    assert intake.slugs(["Place 2", "上海"]) == {"Place 2": "place-2", "上海": "place-2-again"}


def test_no_library_is_loaded_to_read_a_file(project):
    import subprocess
    import sys

    code = "import sys; import jingjinji.core.intake, jingjinji.core.parts; print(sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert not {name for name in ("numpy", "pandas", "xarray", "pymc", "sphinx") if f"'{name}'" in said}
