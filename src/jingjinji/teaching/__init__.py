"""For classes: exercises with gated solutions, editions of the book, notebooks with checks, small refits."""
