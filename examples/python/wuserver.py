"""The weather's publisher: wuserver.py [ENDPOINT] [ROUNDS] [SUBSCRIPTIONS]"""

import zmq
from arguments import arguments

CITIES = ["Bergen", "Cairo", "Lima", "Oslo", "Quito"]

endpoint, rounds, subscriptions = arguments("tcp://127.0.0.1:5556", "100", "1")
with zmq.Context() as context, context.socket(zmq.XPUB) as weather:
    weather.bind(endpoint)
    for _ in range(int(subscriptions)):
        weather.recv()
    for round in range(int(rounds)):
        for place, city in enumerate(CITIES):
            weather.send_string(f"{city} {(7 * place + 3 * round) % 30}")
