"""Subscribes to topic B: psenvsub.py [ENDPOINT] [COUNT]"""

import zmq
from arguments import arguments

endpoint, count = arguments("tcp://127.0.0.1:5563", "10")
with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
    subscriber.connect(endpoint)
    subscriber.subscribe("B")
    for _ in range(int(count)):
        topic, body = subscriber.recv_multipart()
        print(f"[{topic.decode()}] {body.decode()}")
