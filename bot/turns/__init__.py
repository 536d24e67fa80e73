"""What the bot does with an activity: commands, buttons, dialogs and the message extension."""
