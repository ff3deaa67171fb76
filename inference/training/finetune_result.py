"""The new model of a job: its weights, loaded again before they count, and its card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from inference.files import replace_file
from inference.learning.generations import LEARNED_FROM, learned_from
from inference.learning.job import Job
from inference.learning.report import LearnReport, Score
from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import NetworkConfig
from inference.weights import check_tensors, load_tensors, sha256_of


def load_network(file: Path, config: NetworkConfig, *, device: str) -> BiSeNetFormer:
    """Weights loaded strictly: every tensor by name, shape and finite numbers. Raises `WeightsError`."""
    tensors = load_tensors(file)
    network = BiSeNetFormer(config)
    check_tensors(tensors, {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}, path=file)
    network.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in tensors.items()}, strict=True)
    return network.eval().to(device)


def mixed(parent: Mapping[str, Tensor], learned: Mapping[str, Tensor], mix: float) -> dict[str, Tensor]:
    """So much of the learned weights, the rest from the parent: what lies between them knows the new and forgets less
    of the old. (Wortsman et al., "Robust fine-tuning of zero-shot models", arXiv 2109.01903.)"""
    return {
        name: torch.lerp(parent[name], tensor, mix) if tensor.is_floating_point() else tensor
        for name, tensor in learned.items()
    }


def write_weights(weights: Mapping[str, Tensor], file: Path) -> None:
    """In full precision: a model may learn again. Raises `OSError`; half a file is never left."""
    tensors = {
        name: (tensor.float() if tensor.is_floating_point() else tensor).detach().cpu().contiguous().clone()
        for name, tensor in weights.items()
    }
    file.parent.mkdir(exist_ok=True)
    replace_file(file, save(tensors, metadata={"format": "pt"}))


def write_result(job: Job, unnamed: Path, report: LearnReport) -> None:
    """Give the weights their place with their card beside them, and write the report, which makes them count.

    Raises `OSError`.
    """
    card = card_of(job, report, sha256=sha256_of(unnamed))
    job.result.parent.mkdir(exist_ok=True)
    unnamed.replace(job.result)
    replace_file(job.result.with_suffix(".json"), json.dumps(card, indent=1, ensure_ascii=False).encode())
    for file in (job.result, job.result.with_suffix(".json")):
        file.chmod(0o644)
    replace_file(job.report_file, json.dumps(report.to_json(), indent=1, ensure_ascii=False).encode())


def card_of(job: Job, report: LearnReport, *, sha256: str) -> dict[str, Any]:
    """The model card as its file has it."""
    parent = job.parent
    learned = f"Then it learned from the corrections of {report.trained} {_pictures(report.trained)} of its user."
    return {
        "name": job.name,
        "file": job.result.name,
        "url": None,
        "sha256": sha256,
        "network": parent.network.to_dict(),
        "input_size": parent.input_size,
        "classes": parent.classes,
        "figures": [_figures(view, score, report) for view, score in report.after.items()],
        "trained_on": f"{parent.name} was trained on this: {_sentence(parent.trained_on)} {learned}",
        "licence": parent.licence,
        "limits": parent.limits,
        "calibration": parent.calibration.to_dict(),
        "lineage": _lineage(job, report),
    }


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _pictures(count: int) -> str:
    return "picture" if count == 1 else "pictures"


def _figures(view: str, score: Score, report: LearnReport) -> dict[str, Any]:
    earlier = f", though its parent had learned from {report.known} of them" if report.known else ""
    return {
        "photos": f"{_pictures(report.held_back)} of the same project, which it did not learn from{earlier}",
        "pictures": report.held_back,
        "against": "the labels of whoever finished them",
        "view": view,
        "pixel_accuracy": round(100 * score.pixel_accuracy, 1),
        "mean_iou": round(100 * score.mean_iou, 1),
        "classes": sum(change.pixels > 0 for change in report.classes),
        "unlabelled": round(100 * score.unlabelled, 1),
    }


def _lineage(job: Job, report: LearnReport) -> dict[str, Any]:
    trained = [job.pictures[index] for index in job.indices(held_back=False)]
    return {
        "parent": job.parent.name,
        "parent_sha256": job.parent.sha256,
        "pictures": report.trained,
        "held_back": report.held_back,
        LEARNED_FROM: learned_from(job.parent.lineage, [picture.name for picture in trained]),
        "decided_pixels": sum(picture.decided for picture in trained),
        "kept_pixels": sum(picture.kept for picture in trained),
        "settings": report.settings.to_json(),
        "steps": report.settings.steps,
        "mix": report.mix,
        "seconds": round(report.seconds, 1),
        "made": datetime.now(UTC).date().isoformat(),
        "before": {view: asdict(score) for view, score in report.before.items()},
        "after": {view: asdict(score) for view, score in report.after.items()},
        "recommended": report.recommended,
    }
