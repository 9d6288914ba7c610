-- One judgement of an order: its facts, what they come to, and when time alone may change that. Rows of before keep facts NULL;
-- the program reads their facts from state, mark and reason, and judges the open ones within a minute of its start.

ALTER TABLE marktwerk.orders ADD facts nvarchar(max) NULL
GO
ALTER TABLE marktwerk.orders ADD was_over bit NOT NULL DEFAULT 0
GO
ALTER TABLE marktwerk.orders ADD takes_stock bit NOT NULL DEFAULT 0
GO
ALTER TABLE marktwerk.orders ADD is_open bit NOT NULL DEFAULT 0
GO
ALTER TABLE marktwerk.orders ADD next_judged_at bigint NULL
GO
ALTER TABLE marktwerk.orders ADD revision bigint NOT NULL DEFAULT 0
GO
-- What was over without us counts as over since before the account was read, because nothing else is known of it.
UPDATE marktwerk.orders SET was_over = 1 WHERE state = 'fetched' AND status IN ('shipped', 'cancelled')
GO
UPDATE marktwerk.orders SET is_open = 1, next_judged_at = 0
    WHERE state NOT IN ('reported', 'cancelled') AND NOT (state = 'fetched' AND status IN ('shipped', 'cancelled'))
GO
UPDATE marktwerk.orders SET takes_stock = 1 WHERE state IN ('exporting', 'handed_over', 'unclear')
    OR (state = 'fetched' AND status IN ('pending', 'ready'))
    OR (state IN ('set_aside', 'imported') AND status IN ('pending', 'ready', 'partly_shipped'))
GO
CREATE INDEX orders_taking_stock ON marktwerk.orders (takes_stock)
GO
CREATE INDEX orders_open ON marktwerk.orders (is_open, account, number)
GO
CREATE INDEX orders_to_judge ON marktwerk.orders (next_judged_at)
GO
-- What an entry says, beside its text.
ALTER TABLE marktwerk.attentions ADD facts nvarchar(max) NOT NULL DEFAULT '{}'
GO
CREATE INDEX attentions_order ON marktwerk.attentions (account, subject, closed_at)
