"""What a release needs, as far as it can be tried without a repository: what tools read, compared with pyproject."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONFIGURATIONS = [*sorted((ROOT / ".github").rglob("*.yml")), ROOT / ".pre-commit-config.yaml", ROOT / "CITATION.cff"]


def loaded(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_what_tools_read_is_yaml():
    assert [path for path in CONFIGURATIONS if not isinstance(loaded(path), dict)] == []


def test_workflows_call_the_scripts_of_this_repository():
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        steps = [step for job in loaded(path)["jobs"].values() for step in job["steps"]]
        scripts = re.findall(r"\.ci/\w+", " ".join(step.get("run", "") for step in steps))
        assert scripts
        assert all((ROOT / script).stat().st_mode & 0o100 for script in scripts)


def test_the_workflow_of_tests_has_the_pythons_that_are_declared():
    declared = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["project"]["classifiers"]))
    assert loaded(".github/workflows/test.yml")["jobs"]["test"]["strategy"]["matrix"]["python"] == declared


def test_the_recipe_needs_what_the_project_needs():
    """A dependency, or a minimum, that the recipe lacks would be seen."""
    recipe = (ROOT / "docs/conda/recipe.yaml").read_text(encoding="utf-8").replace("python 3.11.*", "python")
    needs = yaml.safe_load(recipe)["requirements"]
    for key, declared in (("run", PROJECT["project"]["dependencies"]), ("host", PROJECT["build-system"]["requires"])):
        wanted = {f"{need.name} {need.specifier}" for need in map(Requirement, declared)}
        assert wanted <= {line.replace("matplotlib-base", "matplotlib") for line in needs[key]}


def test_the_version_that_is_cited_is_the_newest_of_the_changelog():
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest[1] == loaded("CITATION.cff")["version"]
    before = PROJECT["tool"]["hatch"]["version"]["raw-options"]["fallback_version"]
    assert Version(before) < Version(newest[1])
