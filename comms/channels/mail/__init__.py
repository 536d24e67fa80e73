"""The mail channel: letters written once, filled per recipient, sent over SMTP.

`writer.write` makes a statement, `message.Letter` its bytes, `transport.MailTransport` sends it.
"""
