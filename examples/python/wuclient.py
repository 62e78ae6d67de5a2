"""A subscriber of the weather: wuclient.py [ENDPOINT] [CITY] [COUNT]"""

import zmq
from arguments import arguments

endpoint, city, count = arguments("tcp://127.0.0.1:5556", "Oslo", "100")
with zmq.Context() as context, context.socket(zmq.SUB) as weather:
    weather.connect(endpoint)
    weather.subscribe(f"{city} ")
    readings = [float(weather.recv_string().split()[1]) for _ in range(int(count))]
    print(f"{city}: {sum(readings) / len(readings):.1f} degrees on average of {count} readings")
