"""Publishes messages with an envelope: psenvpub.py [ENDPOINT] [COUNT] [SUBSCRIPTIONS]"""

import zmq
from arguments import arguments

endpoint, count, subscriptions = arguments("tcp://127.0.0.1:5563", "10", "1")
with zmq.Context() as context, context.socket(zmq.XPUB) as publisher:
    publisher.bind(endpoint)
    for _ in range(int(subscriptions)):
        publisher.recv()
    for item in range(1, int(count) + 1):
        publisher.send_multipart([b"A", f"B is not meant to see item {item}".encode()])
        publisher.send_multipart([b"B", f"item {item}".encode()])
