"""A broker that ends after so many replies: rrbroker.py [FRONT] [BACK] [REQUESTS]"""

import zmq
from arguments import arguments

front_at, back_at, requests = arguments("tcp://127.0.0.1:5559", "tcp://127.0.0.1:5560", "10")
with zmq.Context() as context, context.socket(zmq.ROUTER) as front, context.socket(zmq.DEALER) as back:
    front.bind(front_at)
    back.bind(back_at)
    poller = zmq.Poller()
    poller.register(front, zmq.POLLIN)
    poller.register(back, zmq.POLLIN)
    replies = 0
    while replies < int(requests):
        ready = dict(poller.poll())
        if front in ready:
            back.send_multipart(front.recv_multipart())
        if back in ready:
            front.send_multipart(back.recv_multipart())
            replies += 1
    print(replies, "replies passed on")
