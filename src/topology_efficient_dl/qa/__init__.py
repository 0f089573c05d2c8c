"""The question-and-answer store: entries, search, a language model's answers, merging. Works without Kedro."""
