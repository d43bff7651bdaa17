"""The behaviour suites of the seams, for whoever writes a backend of their own.

Inherit a suite in a test module, give it a backend, and pytest runs what every
backend must do::

    class TestBucket(ObjectStoreSuite):
        @pytest.fixture
        def store(self):
            return BucketStore(...)
"""
