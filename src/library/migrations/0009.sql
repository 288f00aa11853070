-- Of runs that learn several labels at once: how good each head was on the held-out samples, as JSON.
ALTER TABLE epochs ADD COLUMN test_heads TEXT;
