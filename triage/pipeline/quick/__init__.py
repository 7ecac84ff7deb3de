"""The quick pass: joins the same rooms as a run, without a store."""
