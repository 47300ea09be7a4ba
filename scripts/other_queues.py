"""How long jobs wait in the queues of others: rq, dramatiq and huey.

    other_queues.py LIBRARY SOCKET RATE COUNT

Starts one worker of the library on the Redis at SOCKET, sends COUNT jobs that do nothing, RATE of them a second, and prints for
each the milliseconds from the call that sends it to the first line of the job. Each library runs as its documentation starts it.
"""

import subprocess
import sys
import time

import redis

library, socket = sys.argv[1], sys.argv[2]
connection = redis.Redis(unix_socket_path=socket)
starts = f"starts:{library}"


def note(number):
    moment = time.time()
    redis.Redis(unix_socket_path=socket).rpush(starts, f"{number} {moment}")


def rq_job(number):
    note(number)


if library == "rq":
    from rq import Queue, Worker

    queue = Queue(connection=connection)

    def send(number):
        queue.enqueue("other_queues.rq_job", number)

    def work():
        Worker([queue], connection=connection).work(logging_level="ERROR")

elif library == "dramatiq":
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker

    broker = RedisBroker(client=connection)
    dramatiq.set_broker(broker)
    job = dramatiq.actor(note)
    send = job.send

    def work():
        worker = dramatiq.Worker(broker, worker_threads=8)
        worker.start()
        worker.join()
        while True:
            time.sleep(60)

elif library == "huey":
    from huey import RedisHuey

    huey = RedisHuey("qwd", url=f"unix://{socket}")
    send = huey.task()(note)

    def work():
        huey.create_consumer(workers=4).run()

else:
    sys.exit(f"{library} is not known")


def main():
    if sys.argv[3:] == ["work"]:
        return work()
    rate, count = float(sys.argv[3]), int(sys.argv[4])
    worker = subprocess.Popen([sys.executable, __file__, library, socket, "work"], stderr=subprocess.DEVNULL)
    try:
        # The first one tells that the worker is there.
        send(-1)
        if connection.blpop([starts], timeout=60) is None:
            sys.exit(f"{library} does nothing")
        sent = {}
        begin = time.time()
        for number in range(count):
            time.sleep(max(0, begin + number / rate - time.time()))
            sent[number] = time.time()
            send(number)
        for _ in range(count):
            found = connection.blpop([starts], timeout=60)
            if found is None:
                sys.exit(f"{library} has lost jobs")
            number, moment = found[1].split()
            print((float(moment) - sent[int(number)]) * 1000)
    finally:
        worker.kill()
        worker.wait()


if __name__ == "__main__":
    main()
