"""Catches mails for scripts/walk: a minimal SMTP server that appends each mail, decoded, to a file.

    walk-mail.py FILE          prints `listening on 127.0.0.1:PORT` and listens until it is ended
    walk-mail.py --link FILE   prints the token of the last link in FILE
"""

import email
import email.policy
import re
import socketserver
import sys


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 walk")
        while line := self.rfile.readline():
            verb = line.strip().upper()
            if verb.startswith(b"QUIT"):
                self.say("221 bye")
                return
            if verb == b"DATA":
                self.say("354 go on")
                self.keep()
            self.say("250 fine")

    def keep(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        text = mail.get_body(("plain",)).get_content()
        with open(sys.argv[1], "a", encoding="utf-8") as file:
            file.write(f"To: {mail['to']}\nSubject: {mail['subject']}\n\n{text}\n")


if sys.argv[1] == "--link":
    # The token is what stands behind the last `#`, `=` or `/` of an address of the website.
    with open(sys.argv[2], encoding="utf-8") as file:
        links = re.findall(r"https?://\S+", file.read())
    tokens = [token for link in links if (token := re.split(r"[#=/]", link)[-1]) and len(token) > 30]
    print(tokens[-1])
else:
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        print(f"listening on 127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()
