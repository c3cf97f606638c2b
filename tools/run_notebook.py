"""Execute the code cells of a notebook in its Jupyter kernel.

    run_notebook.py NOTEBOOK ORDER SECONDS

ORDER is a list of cell indices from 0, with commas. Prints one JSON line per cell that was run:
{"index", "seconds", "outputs", "execution_count"}, and ends after the first cell with an error or
beyond SECONDS for all. What the outputs are worth is judged by check_notebooks.ts.

The Deno kernel reports that it is idle before its last outputs are sent, and nbclient stops to
listen at that report; so this client goes on listening for a moment.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from queue import Empty

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError

LISTEN_SECONDS = 0.2


class PatientClient(NotebookClient):
    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        await super()._async_poll_output_msg(parent_msg_id, cell, cell_index)
        while True:
            try:
                message = await self.kc.iopub_channel.get_msg(timeout=LISTEN_SECONDS)
            except Empty:
                return
            if message["parent_header"].get("msg_id") == parent_msg_id:
                try:
                    self.process_message(message, cell, cell_index)
                except CellExecutionComplete:
                    pass


async def run(path, order, seconds):
    notebook = nbformat.read(path, as_version=4)
    client = PatientClient(
        notebook,
        kernel_name="deno",
        allow_errors=True,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    deadline = time.monotonic() + seconds
    async with client.async_setup_kernel():
        for index in order:
            start = time.monotonic()
            client.timeout = max(1, int(deadline - start))
            cell = notebook.cells[index]
            try:
                await client.async_execute_cell(cell, index)
            except CellTimeoutError:
                sys.exit(f"cell {index + 1} was still running after {seconds} s for all cells")
            result = {
                "index": index,
                "seconds": time.monotonic() - start,
                "outputs": cell.outputs,
                "execution_count": cell.execution_count,
            }
            print(json.dumps(result), flush=True)
            if any(output.output_type == "error" for output in cell.outputs):
                return


if __name__ == "__main__":
    asyncio.run(
        run(Path(sys.argv[1]), [int(i) for i in sys.argv[2].split(",")], int(sys.argv[3]))
    )
