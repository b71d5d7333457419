"""The articles behind the claims, by the name that column `article` of table `claims` gives them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Article:
    """What is known of an article; its date is in table `claims`.

    Parameters
    ----------
    title : as it was read, where it was not read in English in a translation by a machine.
    publisher : who published it first, as far as that is known.
    read : where and how it was read.
    """

    title: str
    publisher: str
    read: str


ARTICLES = {
    "China Environment News on ten years of the region": Article(
        "Compared with 2013, the average annual concentration of PM2.5 has dropped by about 60%, and the "
        "Beijing-Tianjin-Hebei ecological and environmental protection has been coordinated for ten years",
        "China Environment News (cenews.com.cn)",
        "read in translation on China Carbon Credit Platform, which gives no day",
    ),
    "China Environment News on green growth poles": Article(
        "Create a green and low-carbon development growth pole",
        "China Environment News (cenews.com.cn)",
        "read in translation on China Carbon Credit Platform, which gives no day",
    ),
    "China News Service on Beijing and Hong Kong": Article(
        "Beijing joins hands with Hong Kong to build a green silk road to promote international cooperation in the "
        "field of “double carbon”",
        "China News Service (chinanews.com)",
        "read in translation, on a page that names this source",
    ),
    "Eco-Business on a study of ten cities": Article(
        "Sci-tech innovation key to regional low-carbon growth", "Eco-Business", "read in English at the publisher's"
    ),
    "Jin Shi on APEC blue and the Ruhr": Article(
        "From the perspective of industrial transformation in Ruhr, Germany, “APEC blue”",
        "Jin Shi, a firm's site; the first publisher is not known",
        "read in translation",
    ),
}
