"""Tests of templates.py: what it makes of intrinsic functions, and that it lets nothing through without a reason."""

import contextlib
import io
import unittest

import templates

TEMPLATE = templates.yaml.load(
    """
Parameters:
  ClusterName: {Type: String}
  Roles: {Type: CommaDelimitedList, Default: ""}
  WorkQueueArn: {Type: String}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: one
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource: !Sub "${Bucket.Arn}/*"
              - !If
                - Queues
                - {Effect: Allow, Action: sqs:SendMessage, Resource: [[!Ref WorkQueueArn]]}
                - !Ref AWS::NoValue
              - Effect: Allow
                Action: ecs:DescribeTasks
                Resource: !Sub
                  - arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task/${Name}/*
                  - Name: !Select [1, !Split ["/", !Join ["/", [a, !Ref ClusterName]]]]
""",
    templates.Loader,
)


def judged(findings, skips):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        good = templates.judge("tool", findings, skips)
    return good, out.getvalue()


class Policies(unittest.TestCase):
    def resources(self, holds):
        ((place, document),) = templates.policies(TEMPLATE, holds)
        self.assertEqual(place, "Role.one")
        return [s["Resource"] for s in document["Statement"]]

    def test_functions_have_values(self):
        self.assertEqual(
            self.resources(True),
            [
                "arn:aws:s3:::bucket/*",
                ["arn:aws:sqs:eu-north-1:123456789012:WorkQueueArn"],
                "arn:aws:ecs:eu-north-1:123456789012:task/ClusterName/*",
            ],
        )

    def test_without_the_condition_there_is_less(self):
        self.assertEqual(len(self.resources(False)), 2)

    def test_what_is_not_known_is_no_guess(self):
        for value in ({"Fn::Cidr": ["10.0.0.0/16", 1, 1]}, {"Fn::GetAtt": ["Role", "OtherArn"]}, {"Ref": "Nobody"}):
            with self.subTest(value), self.assertRaises((ValueError, KeyError)):
                templates.Expanded(TEMPLATE, True).value(value)


class Reasons(unittest.TestCase):
    FOUND = [("CKV_1", "template.yaml AWS::S3::Bucket.B", "words")]

    def test_a_finding_without_a_reason_is_a_mistake(self):
        good, out = judged(self.FOUND, {})
        self.assertFalse(good)
        self.assertIn("template.yaml AWS::S3::Bucket.B: CKV_1: words", out)

    def test_a_reason_is_for_its_place(self):
        self.assertTrue(judged(self.FOUND, {"CKV_1": {"template.yaml AWS::S3::Bucket.*": "why"}})[0])
        self.assertFalse(judged(self.FOUND, {"CKV_1": {"other.yaml *": "why"}})[0])
        self.assertFalse(judged(self.FOUND, {"CKV_2": {"template.yaml *": "why"}})[0])

    def test_a_reason_that_nothing_needs_is_a_mistake(self):
        good, out = judged([], {"CKV_1": {"template.yaml *": "why"}})
        self.assertFalse(good)
        self.assertIn("remove it", out)

    def test_nothing_found_is_good(self):
        self.assertEqual(judged([], {}), (True, "tool: no mistakes\n"))


if __name__ == "__main__":
    unittest.main()
