"""Two real PostgreSQL servers, of which one is the synchronous standby of the other."""

from concurrent.futures import ThreadPoolExecutor

from support.postgresql import Server


class Pair:
    """`primary` and `standby` change places; the URL names both."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1)
        """Where to change the servers beside a test's event loop: a server ends with the thread
        that started it."""
        self.primary = Server()
        self.primary.sql("CREATE DATABASE likelight OWNER likelight")
        self.standby = Server(copies=self.primary)
        alone, second = self.primary.url("likelight"), f"127.0.0.1:{self.standby.port}"
        self.url = alone.replace("@", f"@{second},")

    def remove(self) -> None:
        """End both and delete all that they had."""
        for server in (self.primary, self.standby):
            server.remove()
        self.thread.shutdown()

    def promote(self) -> None:
        """Promote the standby; the old primary is not asked."""
        self.primary, self.standby = self.standby, self.primary
        self.primary.promote()

    def lose_the_primary(self) -> None:
        """Kill it as a power cut does, and promote the standby."""
        self.primary.kill()
        self.promote()

    def switch_over(self) -> None:
        """End the primary in order, promote the standby, and have the old one follow it."""
        self.primary.stop()  # sends all that it has first
        self.promote()
        self.standby.follow(self.primary)

    def rejoin(self) -> None:
        """Have the old primary follow the new one."""
        self.standby.rewind(self.primary)
