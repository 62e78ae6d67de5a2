"""A worker of rrbroker and msgqueue: rrworker.py [BROKER] [COUNT]"""

import zmq
from arguments import arguments

endpoint, count = arguments("tcp://127.0.0.1:5560", "10")
with zmq.Context() as context, context.socket(zmq.REP) as worker:
    worker.connect(endpoint)
    for _ in range(int(count)):
        worker.send_string(str(int(worker.recv_string()) ** 2))
    print(count, "requests served")
