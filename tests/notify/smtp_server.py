"""An SMTP server on a free port of this machine: prints the port, and appends each mail to a file as a line of JSON."""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, path):
        self.path = path
        self.seen = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 nobody of this name"
        if address.startswith("later") and address not in self.seen:
            self.seen.add(address)
            return "450 4.2.0 come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [[p.get_content_type(), p.get_content()] for p in message.walk() if not p.is_multipart()]
        mail = {
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "raw": envelope.content.decode("utf-8", "replace"),
            "parts": parts,
        }
        with open(self.path, "a", encoding="utf-8") as out:
            out.write(json.dumps(mail) + "\n")
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"daemon", b"correct horse"))


def main():
    path, rest = sys.argv[1], sys.argv[2:]
    options = {}
    if "--tls" in rest:
        at = rest.index("--tls")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(rest[at + 1], rest[at + 2])
        options.update(tls_context=context, require_starttls=True)
    if "--login" in rest:
        options.update(authenticator=authenticate, auth_required=True, auth_require_tls="--tls" in rest)
    asyncio.run(serve(Handler(path), options))


async def serve(handler, options):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="localhost", loop=loop, **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


main()
