-- Which runs a run has caused.

CREATE INDEX runs_caused_by ON marktwerk.runs (caused_by)
