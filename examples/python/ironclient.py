"""A client of ironserver, with the keys of ironkeys: ironclient.py [ENDPOINT] [FOLDER] [COUNT]"""

import os

import zmq
import zmq.auth
from arguments import arguments

endpoint, folder, count = arguments("tcp://127.0.0.1:5555", "ironhouse", "10")
server, _ = zmq.auth.load_certificate(os.path.join(folder, "server.key"))
public, secret = zmq.auth.load_certificate(os.path.join(folder, "alice.key_secret"))
with zmq.Context() as context, context.socket(zmq.REQ) as req:
    req.curve_publickey, req.curve_secretkey, req.curve_serverkey = public, secret, server
    req.connect(endpoint)
    for number in range(1, int(count) + 1):
        req.send_string(f"secret {number}")
        print(req.recv_string())
