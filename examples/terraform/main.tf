# A service behind a load balancer, on Slipway. Start `slipway up` in the root of the repository, then here:
#
#   eval "$(slipway env)"
#   terraform init && terraform apply        # returns when the service is steady
#   aws elbv2 describe-load-balancers --names users --query 'LoadBalancers[0].AvailabilityZones[0].LoadBalancerAddresses'
#   terraform apply -var image_tag=v2        # rolls, and returns when the roll is over
#   terraform destroy

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

# Endpoint, key and region are taken from the environment that `slipway env` prints.
provider "aws" {}

variable "name" {
  description = "What the cluster, the service and the load balancer are called."
  type        = string
  default     = "users"
}

variable "image_tag" {
  description = "The version of the example service to run: the tag of its image, and what it calls itself."
  type        = string
  default     = "v1"
}

variable "desired_count" {
  description = "How many tasks to run."
  type        = number
  default     = 2
}

variable "port" {
  description = "The port that the load balancer listens on."
  type        = number
  default     = 8080
}

resource "aws_ecs_cluster" "this" {
  name = var.name
}

resource "aws_ecs_task_definition" "users" {
  family       = var.name
  network_mode = "bridge"

  container_definitions = jsonencode([
    {
      name         = "users"
      image        = "users:${var.image_tag}"
      command      = ["python3", "examples/users/server.py"]
      cpu          = 64
      memory       = 128
      essential    = true
      portMappings = [{ containerPort = 8080 }]
      environment  = [{ name = "VERSION", value = var.image_tag }]
    }
  ])
}

resource "aws_lb" "this" {
  name               = var.name
  load_balancer_type = "application"
  subnets            = ["subnet-1"] # Slipway has no networks to choose from: ids are taken as they are and shown again
}

resource "aws_lb_target_group" "users" {
  name                 = var.name
  port                 = 8080
  protocol             = "HTTP"
  target_type          = "instance"
  vpc_id               = "vpc-1"
  deregistration_delay = 30

  health_check {
    path                = "/health"
    interval            = 5
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = var.port
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.users.arn
  }
}

resource "aws_ecs_service" "users" {
  name                  = var.name
  cluster               = aws_ecs_cluster.this.id
  task_definition       = aws_ecs_task_definition.users.arn
  desired_count         = var.desired_count
  wait_for_steady_state = true

  load_balancer {
    target_group_arn = aws_lb_target_group.users.arn
    container_name   = "users"
    container_port   = 8080
  }

  depends_on = [aws_lb_listener.http] # a target group takes tasks once a listener forwards to it
}

output "dns_name" {
  description = "The load balancer's name."
  value       = aws_lb.this.dns_name
}
