"""Places in line, in words."""

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def ordinal(place: int) -> str:
    """Return "first", …, "ninth", "10th", …, "21st"."""
    if place <= len(ORDINALS):
        return ORDINALS[place - 1]
    is_teen = place % 100 in {11, 12, 13}
    ending = "th" if is_teen else ENDINGS.get(place % 10, "th")
    return f"{place}{ending}"
