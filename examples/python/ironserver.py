"""The server of ironclient, with the keys of ironkeys and pyzmq's authenticator: ironserver.py [ENDPOINT] [FOLDER] [COUNT]"""

import os

import zmq
import zmq.auth
from arguments import arguments
from zmq.auth.thread import ThreadAuthenticator

endpoint, folder, count = arguments("tcp://127.0.0.1:5555", "ironhouse", "10")
with zmq.Context() as context:
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve(domain="*", location=os.path.join(folder, "friends"))
    with context.socket(zmq.REP) as rep:
        keys = zmq.auth.load_certificate(os.path.join(folder, "server.key_secret"))
        rep.curve_publickey, rep.curve_secretkey, rep.curve_server = *keys, True
        rep.bind(endpoint)
        for _ in range(int(count)):
            frame = rep.recv(copy=False)
            assert frame.get("User-Id")
            rep.send_string(f"alice, this stays between us: {frame.bytes.decode()}")
    authenticator.stop()
