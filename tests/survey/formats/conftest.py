import pytest
from limesurvey_cases import YAML, questionnaire_of


@pytest.fixture(scope="session")
def questionnaire(tmp_path_factory):
    return questionnaire_of(tmp_path_factory.mktemp("questionnaire"), YAML)
