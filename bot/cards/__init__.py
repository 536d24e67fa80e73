"""The adaptive cards: one file a card, a plain function from nouns to the card's JSON."""
