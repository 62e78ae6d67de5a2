"""Deals tasks to workers: taskvent.py [WORK] [SINK] [TASKS] [WORKERS]"""

import zmq
from arguments import arguments
from zmq.utils.monitor import recv_monitor_message

work_at, sink_at, tasks, workers = arguments("tcp://127.0.0.1:5557", "tcp://127.0.0.1:5558", "100", "1")
with zmq.Context() as context, context.socket(zmq.PUSH) as work, context.socket(zmq.PUSH) as sink:
    monitor = work.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    work.bind(work_at)
    sink.connect(sink_at)
    for _ in range(int(workers)):
        recv_monitor_message(monitor)
    work.disable_monitor()
    sink.send_multipart([b"batch", tasks.encode()])
    for task in range(1, int(tasks) + 1):
        work.send_string(str(task))
