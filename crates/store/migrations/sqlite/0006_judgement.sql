-- One judgement of an order: its facts, what they come to, and when time alone may change that. Rows of before keep `facts` NULL;
-- the program reads their facts from state, mark and reason, and judges the open ones within a minute of its start.

ALTER TABLE orders ADD COLUMN facts TEXT;
ALTER TABLE orders ADD COLUMN was_over INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN takes_stock INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN is_open INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN next_judged_at INTEGER;
ALTER TABLE orders ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

-- What was over without us counts as over since before the account was read, because nothing else is known of it.
UPDATE orders SET was_over = 1 WHERE state = 'fetched' AND status IN ('shipped', 'cancelled');
UPDATE orders SET is_open = 1, next_judged_at = 0
    WHERE state NOT IN ('reported', 'cancelled') AND NOT (state = 'fetched' AND status IN ('shipped', 'cancelled'));
UPDATE orders SET takes_stock = 1 WHERE state IN ('exporting', 'handed_over', 'unclear')
    OR (state = 'fetched' AND status IN ('pending', 'ready'))
    OR (state IN ('set_aside', 'imported') AND status IN ('pending', 'ready', 'partly_shipped'));

DROP INDEX orders_taking_stock;
CREATE INDEX orders_taking_stock ON orders (takes_stock) WHERE takes_stock = 1;
CREATE INDEX orders_open ON orders (account, number) WHERE is_open = 1;
CREATE INDEX orders_to_judge ON orders (next_judged_at) WHERE next_judged_at IS NOT NULL;

-- What an entry says, beside its text.
ALTER TABLE attentions ADD COLUMN facts TEXT NOT NULL DEFAULT '{}';
CREATE INDEX attentions_subject ON attentions (account, subject) WHERE closed_at IS NULL;
