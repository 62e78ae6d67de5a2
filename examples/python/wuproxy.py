"""A forwarder between networks, until Ctrl-C: wuproxy.py [FRONT] [BACK]"""

import signal

import zmq
from arguments import arguments

front_at, back_at = arguments("tcp://127.0.0.1:5556", "tcp://127.0.0.1:8100")
with zmq.Context() as context, context.socket(zmq.XSUB) as front, context.socket(zmq.XPUB) as back:
    front.connect(front_at)
    back.bind(back_at)
    try:
        zmq.proxy(front, back)
    except KeyboardInterrupt:
        # Once is enough: another one would disturb the end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("interrupted")
