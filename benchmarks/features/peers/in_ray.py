"""Ray Data: read the files, a class of actors that holds the session, write Parquet."""

from __future__ import annotations

import numpy as np
import ray
from network import Job, Network


class Embed:
    def __init__(self, job: Job) -> None:
        self.network = Network(job)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        vectors = np.stack([self.network.vector(data) for data in batch["bytes"]])
        return {"path": batch["path"], "vector": vectors}


def main() -> None:
    job = Job.asked()
    ray.init("local", num_cpus=job.workers, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    files = ray.data.read_binary_files(job.images, include_paths=True)
    vectors = files.map_batches(
        Embed,
        fn_constructor_args=(job,),
        batch_size=64,
        compute=ray.data.ActorPoolStrategy(size=job.workers),
        # Actors that hold every core leave none for those who read and write: it would stand still.
        num_cpus=0.5,
    )
    vectors.write_parquet(job.vectors)
    job.end()


if __name__ == "__main__":
    main()
