"""Runs `sdk_job.py` in a process of its own, with nothing but an environment."""

import json
import pathlib
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).with_name("sdk_job.py")
PREPARE = ["set_experiment", "start_run"]
WRITE_RUN = ["log_metric", "log_params", "set_tag", "log_nan"]
WRITE_ARTIFACTS = ["log_empty_artifact", "log_large_artifact", "log_spaced_artifact", "log_text_and_dict"]
WRITE_MODEL = ["log_and_register_model"]
READ_RUN = ["search_runs", "metric_history", "list_artifacts", "download_artifacts", "search_traces"]
READ_MODEL = ["load_model", "search_registered_models", "search_model_versions", "get_by_alias"]
APPROVE = ["create_registered_model", "create_model_version", "transition_stage", "set_alias"]
DELETE = ["delete_model_version", "delete_run"]
WRITE_TRACE = ["trace"]
READ = READ_RUN + READ_MODEL
EVERYTHING = PREPARE + WRITE_RUN + WRITE_ARTIFACTS + WRITE_MODEL + APPROVE + READ + WRITE_TRACE + DELETE


class Job:
    """What came of each step of a job."""

    def __init__(self, steps, env, **settings):
        command = [sys.executable, SCRIPT, *steps]
        done = subprocess.run(command, capture_output=True, text=True, env={**env, **settings}, timeout=600)
        assert done.returncode == 0, done.stderr[-4000:]
        self.stderr = done.stderr
        self.outcomes = {}
        for line in done.stdout.splitlines():
            said = json.loads(line)
            self.outcomes[said.pop("step")] = said

    def result(self, step):
        outcome = self.outcomes[step]
        assert "error" not in outcome, f"{step}: {outcome}"
        return outcome["result"]

    def refusal(self, step):
        """The code and the text a step was refused with."""
        outcome = self.outcomes[step]
        assert "error" in outcome, f"{step} was allowed: {outcome}"
        return outcome["error"], outcome["message"]
