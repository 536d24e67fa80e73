"""Teams: adaptive cards, written here, sent by the bot's connector."""
