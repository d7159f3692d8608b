"""Text: what stands in a document, as paragraphs, sentences and words with offsets. Pure; knows no feed and no rule."""
