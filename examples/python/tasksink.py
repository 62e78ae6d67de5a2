"""Collects the results of the pipeline: tasksink.py [SINK]"""

import zmq
from arguments import arguments

(endpoint,) = arguments("tcp://127.0.0.1:5558")
with zmq.Context() as context, context.socket(zmq.PULL) as sink:
    sink.bind(endpoint)
    batch, results = None, []
    while len(results) != batch:
        kind, *rest = sink.recv_multipart()
        if kind == b"batch":
            batch = int(rest[0])
        else:
            results.append((int(rest[1]), rest[0].decode()))
    longest, task = max(results)
    print(f"{batch} results; the longest way to 1 is that of {task}: {longest} steps")
