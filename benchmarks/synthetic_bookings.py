"""Is the synthetic bookings table as hard as the real one? ROC AUC of the same models on both, side by side.

Only what is known when a booking is made goes in (deposit included; country is a variant, since the hotel often learns
it later). Two splits: at random, and in time (arrivals before 2017 against those from April 2017 on). Without the real
table at hand its column stays empty.
"""

import json

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from course import datasets, synthetic
from course.paths import resource

TEXT = [
    *("hotel", "arrival_date_month", "meal", "market_segment", "distribution_channel", "reserved_room_type"),
    *("deposit_type", "customer_type", "agent", "company"),
]
NUMBERS = [
    *("lead_time", "arrival_date_week_number", "arrival_date_day_of_month", "stays_in_weekend_nights"),
    *("stays_in_week_nights", "adults", "children", "babies", "is_repeated_guest", "previous_cancellations"),
    *("previous_bookings_not_canceled", "adr", "total_of_special_requests"),
]
VARIANTS = {
    "all known at booking time": TEXT,
    "without agent and company": TEXT[:-2],
    "with country": [*TEXT, "country"],
}


def split(table, how):
    """Return the positions of the training and of the test rows."""
    if how == "random":
        return train_test_split(
            np.arange(len(table)), test_size=0.2, stratify=table["is_canceled"].to_numpy(), random_state=0
        )
    year, month = table["arrival_date_year"], table["arrival_date_month"].cat.codes + 1
    return np.flatnonzero(year < 2017), np.flatnonzero((year == 2017) & (month >= 4))


def logistic_regression(text):
    """Return a logistic regression on one-hot texts and standardized numbers."""
    columns = make_column_transformer(
        (OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist"), text), (StandardScaler(), NUMBERS)
    )
    return make_pipeline(columns, LogisticRegression(max_iter=300))


def boosting(text):
    """Return gradient boosting, with the texts as categories (the rare ones together)."""
    codes = OrdinalEncoder(min_frequency=100, handle_unknown="use_encoded_value", unknown_value=np.nan)
    columns = make_column_transformer((codes, text), ("passthrough", NUMBERS))
    return make_pipeline(columns, HistGradientBoostingClassifier(categorical_features=range(len(text)), random_state=0))


def auc(table, how, model=logistic_regression, text=TEXT):
    """Return the ROC AUC on the test rows of a model fitted to the training rows."""
    x = table[text + NUMBERS].fillna({"children": 0})
    x[text] = x[text].astype(object).where(x[text].notna(), "missing")
    y, (train, test) = table["is_canceled"].to_numpy(), split(table, how)
    fitted = model(text).fit(x.iloc[train], y[train])
    return roc_auc_score(y[test], fitted.predict_proba(x.iloc[test])[:, 1])


def main():
    made_up = datasets.bookings("synthetic")
    profile = json.loads((resource("data") / "bookings_profile.json").read_bytes())
    others = [synthetic.sample(profile, seed) for seed in range(1, 4)]
    real = datasets.bookings()
    real = None if real.attrs["origin"] == "synthetic" else real
    rates = [table["is_canceled"].mean() for table in [made_up, *others]]
    print(f"\ncancelled: real {'–' if real is None else f'{real.is_canceled.mean():.4f}'}, synthetic", end=" ")
    print(f"{rates[0]:.4f} (seeds 1-3: {', '.join(f'{rate:.4f}' for rate in rates[1:])})\n")
    print("| model | inputs | split | real | synthetic | difference | seeds 1-3 |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: |")
    rows = [(logistic_regression, name) for name in VARIANTS] + [(boosting, "all known at booking time")]
    for model, name in rows:
        for how in ("random", "in time"):
            found = [auc(table, how, model, VARIANTS[name]) for table in [made_up, *others]]
            wanted = np.nan if real is None else auc(real, how, model, VARIANTS[name])
            print(
                f"| {model.__name__} | {name} | {how} | {wanted:.3f} | {found[0]:.3f} | {found[0] - wanted:+.3f} |"
                f" {min(found[1:]):.3f} to {max(found[1:]):.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
