"""What comes back of mail: the mailboxes and the services in which it arrives."""
