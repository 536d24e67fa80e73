"""Mail by Microsoft Graph: from a mailbox of Exchange Online, without SMTP."""
