"""Which role addresses lead a context: the whole table, and least right for everything else."""

from __future__ import annotations

import pytest

from coplink.lti.roles import is_test_account, leads_context

LIS = "http://purl.imsglobal.org/vocab/lis/v2"
LEADS = [
    f"{LIS}/membership#Instructor",
    f"{LIS}/membership#Administrator",
    f"{LIS}/membership#Manager",
    f"{LIS}/membership/Instructor#PrimaryInstructor",
    f"{LIS}/membership/Manager#CourseCoordinator",
    "Instructor",
    "Administrator",
    "Manager",
]
DOES_NOT = [
    "",
    "Learner",
    "Member",
    "Mentor",
    "instructor",
    "INSTRUCTOR",
    " Instructor",
    "Faculty",
    "Owner",
    f"{LIS}/membership#Learner",
    f"{LIS}/membership#Mentor",
    f"{LIS}/membership#Member",
    f"{LIS}/membership#Officer",
    f"{LIS}/membership#ContentDeveloper",
    f"{LIS}/membership#instructor",
    f"{LIS}/membership#Instructor ",
    f"{LIS}/membership#InstructorX",
    f"{LIS}/membership/Instructor#TeachingAssistant",
    f"{LIS}/membership/Instructor#Grader",
    f"{LIS}/membership/Instructor#GuestInstructor",
    f"{LIS}/membership/Learner#Instructor",
    f"{LIS}/membership/Manager#Observer",
    f"{LIS}/institution/person#Instructor",
    f"{LIS}/institution/person#Administrator",
    f"{LIS}/institution/person#Faculty",
    f"{LIS}/institution/person#Staff",
    f"{LIS}/system/person#Administrator",
    f"{LIS}/system/person#SysAdmin",
    f"{LIS}/system/person#User",
    "https://purl.imsglobal.org/vocab/lis/v2/membership#Instructor",
    "http://evil.example/vocab/lis/v2/membership#Instructor",
    "http://purl.imsglobal.org/vocab/lis/v1/membership#Instructor",
    "urn:lti:role:ims/lis/Instructor",
    "urn:lti:sysrole:ims/lis/Administrator",
]


@pytest.mark.parametrize("role", LEADS)
def test_leads(role):
    assert leads_context([role, f"{LIS}/membership#Learner"])


@pytest.mark.parametrize("role", DOES_NOT)
def test_does_not_lead(role):
    assert not leads_context([role])


def test_an_assistant_leads_where_the_platform_says_instructor_too():
    assert leads_context([f"{LIS}/membership/Instructor#TeachingAssistant", f"{LIS}/membership#Instructor"])


def test_the_pretend_student_is_recognised_by_one_address():
    test_user = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    assert is_test_account([f"{LIS}/membership#Learner", test_user])
    assert not is_test_account([f"{LIS}/membership#Learner", "TestUser"])
