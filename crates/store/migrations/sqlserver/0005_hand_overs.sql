-- What JTL's own transaction notes of a hand-over where JTL is on the same server: the row is there if and only if JTL's is committed
-- (docs/decisions/0004). Written by the ERP's side, for it has to be one transaction with JTL's table.

CREATE TABLE marktwerk.hand_overs (
    number nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL PRIMARY KEY,
    intended_at bigint NOT NULL
)
