"""A page with a plan and two exercises, for tests of what editions make of it."""

PAGE = """# Wind

:::{dropdown} For the instructor: plan of the lesson
**Goal.** To read a speed.

**Time.** One hour.

**What to change.** The town.

**What will surprise.** The gusts.
:::

:::{admonition} The claim
It blows.
:::

## Exercises

**1.** (10 minutes) How fast is the wind?
Give metres a second.

:::{dropdown} Code to begin with
```python
speeds = [2, 4]
```
:::

:::{dropdown} Hint
Take the mean.
:::

:::{dropdown} Solution
The mean is three metres.

```python
answer_1 = sum(speeds) / 2  # within 0.5
```
:::

:::{dropdown} For the instructor
**Usual mistakes.** The sum is given.

**Marks.**

- 2: for the mean of both
- 1: for the unit of speed
:::

**2.** (harder, 25 minutes) Why?

:::{dropdown} Hint
Look up.
:::

::::{dropdown} Solution
Pressure differs from place to place.

:::{note}
Always.
:::
::::

:::{dropdown} For the instructor
**Usual mistakes.** None that we know of.

**Marks.**

- 3: for naming pressure as what drives it
:::

## Sources

None.
"""
