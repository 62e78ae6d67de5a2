"""The client of rrbroker and msgqueue: rrclient.py [BROKER] [COUNT]"""

import zmq
from arguments import arguments

endpoint, count = arguments("tcp://127.0.0.1:5559", "10")
with zmq.Context() as context, context.socket(zmq.REQ) as client:
    client.connect(endpoint)
    for number in range(1, int(count) + 1):
        client.send_string(str(number))
        print(number, "squared is", client.recv_string())
