"""A worker of the pipeline: taskwork.py [WORK] [SINK] [COUNT]"""

import zmq
from arguments import arguments


def steps(number):
    count = 0
    while number > 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        count += 1
    return count


work_at, sink_at, count = arguments("tcp://127.0.0.1:5557", "tcp://127.0.0.1:5558", "100")
with zmq.Context() as context, context.socket(zmq.PULL) as work, context.socket(zmq.PUSH) as sink:
    work.connect(work_at)
    sink.connect(sink_at)
    for _ in range(int(count)):
        task = work.recv()
        sink.send_multipart([b"result", task, str(steps(int(task))).encode()])
