"""The network's part of an audit and nothing else: the same chain of round trips with the standard library, nothing parsed.

`python -I floor.py PLAN.json`. Per endpoint so many connections as the audit has lanes, dialled at once; opening takes three
requests on the first; each cmdlet two, the second of which the server holds as long as the cmdlet runs. When the first
cmdlet of the first endpoint is answered, one DNS question after the other, and all web addresses at once, each on a connection
of its own. Every request goes to a path that the server refuses at once.
"""

import http.client
import json
import queue
import socket
import ssl
import sys
import threading
import time

with open(sys.argv[1], encoding="utf-8") as stream:
    PLAN = json.load(stream)
CONTEXT = ssl.create_default_context(cafile=PLAN["ca_file"])
CONTEXT.check_hostname = False
BODY = b"x" * 5000
FIRST = threading.Event()


def dialled(place):
    connection = http.client.HTTPSConnection(*place, context=CONTEXT, timeout=30)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def post(connection):
    connection.request("POST", "/none", body=BODY)
    connection.getresponse().read()


def lane(place, cmdlets, opened, opens):
    connection = dialled(place)
    if opens:
        for _ in range(3):
            post(connection)
        opened.set()
    opened.wait()
    while True:
        try:
            cmdlets.get_nowait()
        except queue.Empty:
            return
        post(connection)
        time.sleep(PLAN["seconds"])
        post(connection)
        FIRST.set()


def endpoint(place, count):
    cmdlets = queue.SimpleQueue()
    for number in range(count):
        cmdlets.put(number)
    opened = threading.Event()
    together([lambda opens=not n: lane(place, cmdlets, opened, opens) for n in range(min(PLAN["runspaces"], count))])


def names():
    FIRST.wait()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(10)
        for _ in range(PLAN["dns"]):
            one.sendto(b"\0\1\1\0\0\1\0\0\0\0\0\0\7example\0\0\1\0\1", tuple(PLAN["resolver"]))
            one.recv(512)


def address():
    FIRST.wait()
    connection = dialled(PLAN["web"])
    connection.request("GET", "/none")
    connection.getresponse().read()


def together(work):
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


together([lambda p=p, n=n: endpoint(p, n) for p, n in PLAN["endpoints"]] + [names] + [address] * PLAN["gets"])
