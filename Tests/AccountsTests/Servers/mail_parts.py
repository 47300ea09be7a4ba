#!/usr/bin/env python3
"""Reads a mail from standard input as a mail program would and prints what is in it as JSON."""
import email, email.policy, json, re, sys

source = sys.stdin.buffer.read()
message = email.message_from_bytes(source, policy=email.policy.default)


def part(message):
    facts = {"type": message.get_content_type(), "defects": [str(defect) for defect in message.defects]}
    if message.is_multipart():
        facts["parts"] = [part(inner) for inner in message.iter_parts()]
    elif message.get_content_maintype() == "text":
        facts["text"] = message.get_content().replace("\r\n", "\n")
    else:
        facts["bytes"] = list(message.get_content())
        facts["cid"] = message["Content-ID"]
        facts["disposition"] = message.get_content_disposition()
    return facts


print(json.dumps({
    "headers": {name.lower(): str(value) for name, value in message.items()},
    "defects": [str(defect) for value in message.values() for defect in value.defects],
    "body": part(message),
    "longest": max(len(line) for line in source.split(b"\r\n")),
    "bare": len(re.findall(rb"(?<!\r)\n|\r(?!\n)", source)),
}))
